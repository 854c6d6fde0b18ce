<?php
/**
 * Plugin Name: Pressrun
 * Description: Has the static site released when content changes, and shows since when a change is live.
 * Version: 1.0.0
 * Requires at least: 5.6
 * Requires PHP: 7.4
 * License: Apache-2.0
 *
 * What changes is written down first, then sent as Standard Webhooks to a hook of
 * dialect wordpress, and sent again by WP-Cron until the hook has taken it. How to
 * set it up: docs/cms/wordpress.md.
 */

namespace Pressrun;

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

const SEND_SECONDS = 3;              // for one call of the hook, and for all calls at the end of one page
const READ_SECONDS = 2;              // for one question about the status
const KEEP_SECONDS = DAY_IN_SECONDS; // after which an event that nobody took is given up
const OUTBOX       = 'pressrun_out_'; // begins the options that hold what is to be sent

/** setting is one of hook, secret and token: a constant of wp-config.php, else an option. */
function setting( string $name ): string {
	$constant = 'PRESSRUN_' . strtoupper( $name );
	return trim( defined( $constant ) ? (string) constant( $constant ) : (string) get_option( "pressrun_$name", '' ) );
}

/** app is what the hook's address tells: the app's own address and the site's name; null for no hook. */
function app(): ?array {
	if ( ! preg_match( '#^(https?://[^?\#]+?)/hooks/([a-z0-9-]+)/[A-Za-z0-9_]+/?$#', setting( 'hook' ), $m ) ) {
		return null;
	}
	return array( 'url' => $m[1], 'site' => $m[2] );
}

// ---- What happened -------------------------------------------------------------

/** types are the post types that are seen on the site: pages, and what pages are made of. */
function types(): array {
	$types = get_post_types( array( 'public' => true ) );
	$parts = array( 'wp_block', 'wp_navigation', 'wp_template', 'wp_template_part', 'wp_global_styles' );
	return apply_filters( 'pressrun_post_types', array_values( array_merge( $types, $parts ) ) );
}

/** counts says whether a post is one that readers see, and not a draft of one. */
function counts( $post ): bool {
	return in_array( $post->post_type, types(), true ) && ! wp_is_post_revision( $post ) && ! wp_is_post_autosave( $post );
}

/** Saves of one page load, by post: the first status before them and the last one after. */
function &changes(): array {
	static $changes = array();
	return $changes;
}

function note( $new, $old, $post ) {
	if ( 'wp_global_styles' === $post->post_type && 'publish' !== $old ) {
		return; // WordPress makes an empty one by itself when somebody opens an editor
	}
	if ( ! counts( $post ) || ! array_intersect( array( 'publish', 'future' ), array( $new, $old ) ) ) {
		return;
	}
	$all = &changes();
	if ( ! isset( $all[ $post->ID ] ) ) {
		$all[ $post->ID ] = array( 'previous' => $old, 'url' => address( $post ) );
	}
	$all[ $post->ID ]['status'] = $new;
	$all[ $post->ID ]['post']   = $post;
}
add_action( 'transition_post_status', __NAMESPACE__ . '\note', 10, 3 );

function note_deleted( $id, $post = null ) {
	$post = $post ? $post : get_post( $id );
	if ( $post ) {
		note( 'deleted', $post->post_status, $post );
	}
}
add_action( 'before_delete_post', __NAMESPACE__ . '\note_deleted', 10, 2 );

function note_menu( $id ) {
	$menu = wp_get_nav_menu_object( $id );
	put( 'menu.updated', array( 'type' => 'menu', 'id' => (string) $id, 'title' => $menu ? plain( $menu->name ) : '' ) );
}
add_action( 'wp_update_nav_menu', __NAMESPACE__ . '\note_menu' );

/** address is where a post is seen, without the host: that of WordPress is not the site's. */
function address( $post ): string {
	$seen              = clone $post;
	$seen->post_status = 'publish';
	$seen->post_name   = preg_replace( '/__trashed$/', '', $post->post_name );
	$seen->filter      = 'sample'; // take the object as it is
	return wp_make_link_relative( (string) get_permalink( $seen ) );
}

function plain( $text ): string {
	return html_entity_decode( wp_strip_all_tags( (string) $text ), ENT_QUOTES, 'UTF-8' );
}

/** verb names what a change of status did; '' for what no reader can see. */
function verb( string $new, string $old ): string {
	if ( 'deleted' === $new ) {
		return 'publish' === $old ? 'deleted' : ( 'future' === $old ? 'unscheduled' : '' );
	}
	if ( 'publish' === $new ) {
		return 'publish' === $old ? 'updated' : 'published';
	}
	if ( 'future' === $new ) {
		return 'scheduled';
	}
	if ( 'publish' === $old ) {
		return 'trash' === $new ? 'trashed' : 'unpublished';
	}
	return 'unscheduled';
}

/** word is a status of WordPress as other systems call it. */
function word( string $status ): string {
	$words = array( 'publish' => 'published', 'future' => 'scheduled', 'trash' => 'trashed', 'new' => '', 'auto-draft' => '' );
	return $words[ $status ] ?? $status;
}

/** finish writes down what this page load has changed, lets the editor go, and sends it. */
function finish() {
	$all = &changes();
	foreach ( $all as $id => $change ) {
		$verb = verb( $change['status'], $change['previous'] );
		if ( '' === $verb ) {
			continue;
		}
		$post = 'deleted' === $change['status'] ? $change['post'] : ( get_post( $id ) ?? $change['post'] );
		$data = array(
			'type'     => $post->post_type,
			'id'       => (string) $id,
			'title'    => plain( $post->post_title ),
			'url'      => $change['url'],
			'user'     => plain( wp_get_current_user()->display_name ),
			'status'   => word( $change['status'] ),
			'previous' => word( $change['previous'] ),
			'language' => get_bloginfo( 'language' ),
		);
		if ( 'scheduled' === $verb ) {
			$data['not_before'] = gmdate( 'Y-m-d\TH:i:s\Z', strtotime( $post->post_date_gmt . ' UTC' ) );
		}
		put( $post->post_type . '.' . $verb, array_filter( $data, 'strlen' ) );
	}
	$all = array();
	if ( queued() && function_exists( 'fastcgi_finish_request' ) ) {
		fastcgi_finish_request();
	}
	send_due( time() );
}
add_action( 'shutdown', __NAMESPACE__ . '\finish' );

// ---- Sending -------------------------------------------------------------------

function &queued(): bool {
	static $queued = false;
	return $queued;
}

/** put writes an event down, so that it outlives this page load. */
function put( string $type, array $data ) {
	if ( ! app() ) {
		return;
	}
	$id    = 'wp_' . str_replace( '-', '', wp_generate_uuid4() );
	$event = array( 'type' => $type, 'data' => $data, 'timestamp' => gmdate( 'Y-m-d\TH:i:s\Z' ) );
	add_option( OUTBOX . $id, array( 'event' => $event, 'since' => time(), 'next' => 0, 'tries' => 0 ), '', 'no' );
	$queued = &queued();
	$queued = true;
	again_at( time() + MINUTE_IN_SECONDS ); // should this page load end here
}

function again_at( int $at ) {
	if ( ! wp_next_scheduled( 'pressrun_send' ) ) {
		wp_schedule_single_event( $at, 'pressrun_send' );
	}
}

/** outbox is what is to be sent, oldest first, by option name. */
function outbox(): array {
	global $wpdb;
	$names = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s ORDER BY option_id LIMIT 500", $wpdb->esc_like( OUTBOX ) . '%' ) );
	$rows  = array();
	foreach ( $names as $name ) {
		$row = get_option( $name );
		if ( is_array( $row ) ) {
			$rows[ $name ] = $row;
		}
	}
	return $rows;
}

/** send_due sends what is due, for a few seconds; WP-Cron sends the rest. */
function send_due( int $now, bool $all = false ) {
	$queued = &queued();
	if ( ! $queued && ! $all ) {
		return;
	}
	$queued = false;
	$ends   = microtime( true ) + ( $all ? 10 * SEND_SECONDS : SEND_SECONDS );
	$next   = 0;
	foreach ( outbox() as $name => $row ) {
		if ( $row['next'] <= $now && microtime( true ) < $ends && attempt( $name, $row, $now ) ) {
			continue;
		}
		$row  = get_option( $name );
		$due  = is_array( $row ) ? max( $row['next'], $now + 1 ) : $now + 1;
		$next = $next ? min( $next, $due ) : $due;
	}
	if ( $next ) {
		wp_clear_scheduled_hook( 'pressrun_send' );
		again_at( $next );
	}
}

function send_by_cron() {
	send_due( time(), true );
}
add_action( 'pressrun_send', __NAMESPACE__ . '\send_by_cron' );

/** attempt sends one event, and says whether it is done with. */
function attempt( string $name, array $row, int $now ): bool {
	$told = call( substr( $name, strlen( OUTBOX ) ), $row['event'] );
	if ( ! is_wp_error( $told ) ) {
		delete_option( $name );
		delete_option( 'pressrun_error' );
		keep( $row['event'], $told );
		return true;
	}
	update_option( 'pressrun_error', array( 'at' => $now, 'why' => $told->get_error_message() ), 'no' );
	if ( $now - $row['since'] > KEEP_SECONDS ) {
		delete_option( $name );
		return true;
	}
	$waits = array( 60, 60, 300, 900, 3600 );
	++$row['tries'];
	$row['next'] = $now + $waits[ min( $row['tries'], count( $waits ) ) - 1 ];
	update_option( $name, $row, 'no' );
	return false;
}

/** call sends an event to the hook; it gives the answer, or why there is none. */
function call( string $id, array $event ) {
	$body    = wp_json_encode( $event, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE );
	$headers = array( 'Content-Type' => 'application/json', 'webhook-id' => $id, 'webhook-timestamp' => (string) time() );
	$secret  = setting( 'secret' );
	if ( '' !== $secret ) {
		$key                          = base64_decode( preg_replace( '/^whsec_/', '', $secret ), true );
		$signed                       = $id . '.' . $headers['webhook-timestamp'] . '.' . $body;
		$headers['webhook-signature'] = 'v1,' . base64_encode( hash_hmac( 'sha256', $signed, false === $key ? $secret : $key, true ) );
	}
	$got = wp_remote_post( setting( 'hook' ), array( 'timeout' => SEND_SECONDS, 'redirection' => 0, 'headers' => $headers, 'body' => $body, 'limit_response_size' => 65536 ) );
	return answer( $got );
}

/** answer reads what the app answered; its own words tell what is wrong. */
function answer( $got ) {
	if ( is_wp_error( $got ) ) {
		return new \WP_Error( 'pressrun', __( 'Pressrun can\'t be reached.', 'pressrun' ) ); // WordPress's message may name the secret address
	}
	$code = wp_remote_retrieve_response_code( $got );
	$told = json_decode( wp_remote_retrieve_body( $got ), true );
	if ( 200 !== $code || ! is_array( $told ) ) {
		$why = is_array( $told ) && isset( $told['detail'] ) && is_string( $told['detail'] ) ? $told['detail'] : '';
		/* translators: %d: HTTP status */
		return new \WP_Error( 'pressrun', trim( sprintf( __( 'Pressrun answered %d.', 'pressrun' ), $code ) . ' ' . $why ) );
	}
	return $told;
}

/** keep remembers what the hook said of a post. */
function keep( array $event, array $told ) {
	$id = (int) ( $event['data']['id'] ?? 0 );
	if ( 'menu' === ( $event['data']['type'] ?? '' ) || ! get_post( $id ) ) {
		return;
	}
	$text = function ( $name ) use ( $told ) {
		return isset( $told[ $name ] ) && is_string( $told[ $name ] ) ? $told[ $name ] : '';
	};
	update_post_meta( $id, '_pressrun', array( 'request' => $text( 'request' ), 'standing' => $text( 'state' ), 'link' => esc_url_raw( $text( 'link' ) ) ) );
}

// ---- What became of it ---------------------------------------------------------

/** ask reads from the app's API, at most every few seconds; null when it can't. */
function ask( string $path ): ?array {
	$app   = app();
	$token = setting( 'token' );
	if ( ! $app || '' === $token ) {
		return null;
	}
	$key  = 'pressrun_' . md5( $app['url'] . $path );
	$told = get_transient( $key );
	if ( ! is_array( $told ) ) {
		$told = answer( wp_remote_get( $app['url'] . $path, array( 'timeout' => READ_SECONDS, 'redirection' => 0, 'headers' => array( 'Authorization' => 'Bearer ' . $token, 'Accept' => 'application/json' ), 'limit_response_size' => 1048576 ) ) );
		$told = is_wp_error( $told ) ? array() : $told;
		set_transient( $key, $told, 5 );
	}
	return $told ? $told : null;
}

/** status is what is to be said of a post; the app is asked if fresh is true. */
function status( int $id, bool $fresh ): ?array {
	$kept = get_post_meta( $id, '_pressrun', true );
	if ( ! is_array( $kept ) ) {
		return null;
	}
	$was = $kept;
	if ( $fresh && '' !== $kept['request'] && ( 'live' !== $kept['standing'] || time() - ( $kept['asked'] ?? 0 ) > MINUTE_IN_SECONDS ) ) {
		$told = ask( '/v1/requests/' . rawurlencode( $kept['request'] ) );
		if ( $told && is_string( $told['standing'] ?? null ) ) {
			foreach ( array( 'standing', 'live_at', 'expected_at', 'not_before', 'condition', 'answer' ) as $name ) {
				$kept[ $name ] = is_string( $told[ $name ] ?? null ) ? $told[ $name ] : '';
			}
			$kept['asked'] = time();
		}
	}
	if ( $fresh && 'changed' === $kept['standing'] && went_out( $id ) ) {
		$kept['standing'] = 'live';
	}
	if ( $kept !== $was ) {
		update_post_meta( $id, '_pressrun', $kept );
	}
	return array( 'text' => words( $kept ), 'link' => $kept['link'] );
}

/** went_out says whether a change that waited for the next release is no longer among those that do. */
function went_out( int $id ): bool {
	$told = ask( '/v1/sites/' . app()['site'] . '/changes' );
	$all  = is_array( $told['changes'] ?? null ) ? $told['changes'] : null;
	if ( null === $all || count( $all ) >= 200 ) { // the list may be cut
		return false;
	}
	return ! in_array( get_post_type( $id ) . '/' . $id, array_column( $all, 'entity' ), true );
}

/** words say how a post stands. All of it is text, to be escaped where it is shown. */
function words( array $kept ): string {
	$at = function ( $name ) use ( $kept ) {
		return empty( $kept[ $name ] ) ? 0 : (int) strtotime( $kept[ $name ] );
	};
	switch ( $kept['standing'] ) {
		case 'ignored':
			return '—';
		case 'changed':
			return __( 'changed, goes out with the next release', 'pressrun' );
		case 'live':
			/* translators: %s: time */
			return $at( 'live_at' ) ? sprintf( __( 'live since %s', 'pressrun' ), moment( $at( 'live_at' ) ) ) : __( 'live', 'pressrun' );
		case 'scheduled':
			/* translators: %s: time */
			return $at( 'not_before' ) ? sprintf( __( 'goes out at %s', 'pressrun' ), moment( $at( 'not_before' ) ) ) : __( 'scheduled', 'pressrun' );
	}
	if ( ! empty( $kept['condition'] ) && ! empty( $kept['answer'] ) ) {
		return $kept['answer'];
	}
	$minutes = (int) ceil( ( $at( 'expected_at' ) - time() ) / 60 );
	if ( $minutes > 0 ) {
		/* translators: %d: minutes */
		return sprintf( __( 'going out in about %d min', 'pressrun' ), $minutes );
	}
	return __( 'waiting', 'pressrun' );
}

/** moment is a time in the site's zone, with the day if that is another one. */
function moment( int $at ): string {
	return wp_date( wp_date( 'Y-m-d', $at ) === wp_date( 'Y-m-d' ) ? 'H:i T' : 'Y-m-d H:i T', $at );
}

/** site_status is what is to be said of the whole site. */
function site_status( bool $fresh ): array {
	$app   = app();
	$error = get_option( 'pressrun_error' );
	if ( ! $app ) {
		return array( 'text' => __( 'not set up', 'pressrun' ), 'link' => '' );
	}
	$link = $app['url'] . '/sites/' . $app['site'];
	if ( is_array( $error ) ) {
		return array( 'text' => __( 'not reached, tried again', 'pressrun' ), 'link' => $link );
	}
	$told = $fresh ? ask( '/v1/sites/' . $app['site'] ) : null;
	return array( 'text' => $told && is_string( $told['headline'] ?? null ) ? $told['headline'] : '', 'link' => $link );
}

/** ajax answers the script of admin pages. */
function ajax() {
	check_ajax_referer( 'pressrun_status' );
	if ( ! current_user_can( 'edit_posts' ) ) {
		wp_send_json_error( null, 403 );
	}
	$ids   = isset( $_POST['ids'] ) ? wp_parse_id_list( sanitize_text_field( wp_unslash( $_POST['ids'] ) ) ) : array();
	$ends  = microtime( true ) + 2 * READ_SECONDS;
	$posts = array();
	foreach ( array_slice( $ids, 0, 100 ) as $id ) {
		$status = current_user_can( 'edit_post', $id ) ? status( $id, microtime( true ) < $ends ) : null;
		if ( $status ) {
			$posts[ $id ] = $status;
		}
	}
	wp_send_json_success( array( 'site' => site_status( true ), 'posts' => $posts ) );
}
add_action( 'wp_ajax_pressrun_status', __NAMESPACE__ . '\ajax' );

// ---- What editors see ----------------------------------------------------------

function column_name( array $columns, $type = 'page' ): array {
	if ( in_array( $type, types(), true ) ) {
		$columns['pressrun'] = __( 'On the site', 'pressrun' );
	}
	return $columns;
}
add_filter( 'manage_posts_columns', __NAMESPACE__ . '\column_name', 10, 2 );
add_filter( 'manage_pages_columns', __NAMESPACE__ . '\column_name' );

/** column shows what was heard last; the page waits for nobody, and its script asks. */
function column( $name, $id ) {
	if ( 'pressrun' !== $name ) {
		return;
	}
	$status = status( (int) $id, false );
	if ( $status ) {
		printf( '<a href="%s" data-pressrun="%d">%s</a>', esc_url( $status['link'] ), (int) $id, esc_html( $status['text'] ) );
	}
}
add_action( 'manage_posts_custom_column', __NAMESPACE__ . '\column', 10, 2 );
add_action( 'manage_pages_custom_column', __NAMESPACE__ . '\column', 10, 2 );

function bar( $bar ) {
	if ( ! current_user_can( 'edit_posts' ) ) {
		return;
	}
	$status = site_status( false );
	$bar->add_node(
		array(
			'id'    => 'pressrun',
			'title' => esc_html__( 'Site', 'pressrun' ) . ': <span data-pressrun="0">' . esc_html( $status['text'] ) . '</span>',
			'href'  => esc_url( $status['link'] ? $status['link'] : admin_url( 'options-general.php?page=pressrun' ) ),
		)
	);
}
add_action( 'admin_bar_menu', __NAMESPACE__ . '\bar', 90 );

/** The script writes text alone: nothing that came from elsewhere becomes markup. */
const SCRIPT = <<<'JS'
(function (conf) {
	function ask() {
		var found = document.querySelectorAll('[data-pressrun]'), ids = [];
		if (document.hidden || !found.length) { return; }
		found.forEach(function (one) { if (one.dataset.pressrun !== '0') { ids.push(one.dataset.pressrun); } });
		fetch(conf.url, { method: 'POST', credentials: 'same-origin', body: new URLSearchParams({ action: 'pressrun_status', _ajax_nonce: conf.nonce, ids: ids.join(',') }) })
			.then(function (r) { return r.ok ? r.json() : null; })
			.then(function (told) {
				if (!told || !told.success) { return; }
				found.forEach(function (one) {
					var status = one.dataset.pressrun === '0' ? told.data.site : told.data.posts[one.dataset.pressrun];
					if (status) { one.textContent = status.text; }
				});
			}).catch(function () {});
	}
	document.addEventListener('DOMContentLoaded', ask);
	setInterval(ask, 10000);
})
JS;

function script() {
	if ( ! is_admin_bar_showing() || ! current_user_can( 'edit_posts' ) || ! app() ) {
		return;
	}
	$conf = array( 'url' => admin_url( 'admin-ajax.php' ), 'nonce' => wp_create_nonce( 'pressrun_status' ) );
	wp_register_script( 'pressrun', false, array(), '1.0.0', false );
	wp_enqueue_script( 'pressrun' );
	wp_add_inline_script( 'pressrun', SCRIPT . '(' . wp_json_encode( $conf, JSON_HEX_TAG ) . ');' );
}
add_action( 'admin_enqueue_scripts', __NAMESPACE__ . '\script' );
add_action( 'wp_enqueue_scripts', __NAMESPACE__ . '\script' );

// ---- Settings ------------------------------------------------------------------

function fields(): array {
	return array(
		'hook'   => array( __( 'Hook', 'pressrun' ), __( 'The address that pressrun hook new printed. It is a secret.', 'pressrun' ) ),
		'secret' => array( __( 'Signing secret', 'pressrun' ), __( 'The same as in the secret_file of the hook\'s configuration.', 'pressrun' ) ),
		'token'  => array( __( 'Token', 'pressrun' ), __( 'Of the role cms, to show what became of a change. Without it only what waits is shown.', 'pressrun' ) ),
	);
}

function menu() {
	add_options_page( 'Pressrun', 'Pressrun', 'manage_options', 'pressrun', __NAMESPACE__ . '\page' );
}
add_action( 'admin_menu', __NAMESPACE__ . '\menu' );

function register() {
	foreach ( array_keys( fields() ) as $name ) {
		register_setting(
			'pressrun',
			"pressrun_$name",
			array(
				'type'              => 'string',
				'show_in_rest'      => false,
				'sanitize_callback' => function ( $value ) use ( $name ) {
					return accept( $name, $value );
				},
			)
		);
	}
}
add_action( 'admin_init', __NAMESPACE__ . '\register' );

/** accept takes what was typed: nothing keeps what is there, a hyphen forgets it. */
function accept( string $name, $value ): string {
	$value = trim( (string) $value );
	if ( '' === $value ) {
		return (string) get_option( "pressrun_$name", '' );
	}
	if ( '-' === $value ) {
		return '';
	}
	if ( 'hook' === $name && ! preg_match( '#^https?://[^?\#\s]+/hooks/[a-z0-9-]+/[A-Za-z0-9_]+/?$#', $value ) ) {
		add_settings_error( 'pressrun_hook', 'pressrun_hook', __( 'This is no address of a hook: expected https://…/hooks/SITE/SECRET, as pressrun hook new printed it.', 'pressrun' ) );
		return (string) get_option( 'pressrun_hook', '' );
	}
	return $value;
}

function page() {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	$error = get_option( 'pressrun_error' );
	$told  = get_transient( 'pressrun_test_' . get_current_user_id() );
	echo '<div class="wrap"><h1>Pressrun</h1>';
	if ( is_string( $told ) ) {
		delete_transient( 'pressrun_test_' . get_current_user_id() );
		echo '<div class="notice notice-info" id="pressrun-told"><p>' . esc_html( $told ) . '</p></div>';
	}
	if ( is_array( $error ) ) {
		/* translators: 1: number of events 2: reason */
		echo '<div class="notice notice-error"><p>' . esc_html( sprintf( __( '%1$d changes are not told yet; they are sent again for a day. %2$s', 'pressrun' ), count( outbox() ), $error['why'] ) ) . '</p></div>';
	}
	echo '<form method="post" action="options.php">';
	settings_fields( 'pressrun' );
	echo '<table class="form-table">';
	foreach ( fields() as $name => $texts ) {
		$fixed = defined( 'PRESSRUN_' . strtoupper( $name ) );
		$hint  = $fixed ? __( 'set in wp-config.php', 'pressrun' ) : ( '' === setting( $name ) ? '' : __( 'is set; type - to forget it', 'pressrun' ) );
		printf(
			'<tr><th><label for="pressrun_%1$s">%2$s</label></th><td><input type="password" class="regular-text" autocomplete="new-password" id="pressrun_%1$s" name="pressrun_%1$s" value="" placeholder="%3$s"%4$s><p class="description">%5$s</p></td></tr>',
			esc_attr( $name ),
			esc_html( $texts[0] ),
			esc_attr( $hint ),
			disabled( $fixed, true, false ),
			esc_html( $texts[1] )
		);
	}
	echo '</table>';
	submit_button();
	echo '</form><form method="post" action="' . esc_url( admin_url( 'admin-post.php' ) ) . '"><input type="hidden" name="action" value="pressrun_test">';
	wp_nonce_field( 'pressrun_test' );
	submit_button( __( 'Try the hook', 'pressrun' ), 'secondary', 'pressrun-test' );
	echo '</form></div>';
}

/** test tries the hook; what it sends asks for nothing. */
function test() {
	check_admin_referer( 'pressrun_test' );
	if ( ! current_user_can( 'manage_options' ) ) {
		wp_die( '', '', array( 'response' => 403 ) );
	}
	$told = app() ? call( 'wp_' . wp_generate_uuid4(), array( 'type' => 'hook.test', 'data' => (object) array(), 'timestamp' => gmdate( 'Y-m-d\TH:i:s\Z' ) ) ) : new \WP_Error( 'pressrun', __( 'No hook is set.', 'pressrun' ) );
	$text = is_wp_error( $told ) ? $told->get_error_message() : (string) ( $told['why'] ?? '' );
	set_transient( 'pressrun_test_' . get_current_user_id(), $text, MINUTE_IN_SECONDS );
	wp_safe_redirect( admin_url( 'options-general.php?page=pressrun' ) );
	exit;
}
add_action( 'admin_post_pressrun_test', __NAMESPACE__ . '\test' );

/** uninstall removes all that the plugin keeps. */
function uninstall() {
	wp_clear_scheduled_hook( 'pressrun_send' );
	foreach ( array( 'hook', 'secret', 'token', 'error' ) as $name ) {
		delete_option( "pressrun_$name" );
	}
	foreach ( array_keys( outbox() ) as $name ) {
		delete_option( $name );
	}
	delete_post_meta_by_key( '_pressrun' );
}
register_uninstall_hook( __FILE__, __NAMESPACE__ . '\uninstall' );
