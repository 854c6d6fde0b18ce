<?php

namespace Drupal\pressrun\Plugin\QueueWorker;

use Drupal\Core\Queue\QueueWorkerBase;
use Drupal\Core\Site\Settings;

/**
 * Sends changes to the hook, signed as the module Webhooks and GitHub sign.
 *
 * @QueueWorker(
 *   id = "pressrun_hook",
 *   title = @Translation("Changes for Pressrun"),
 *   cron = {"time" = 30}
 * )
 */
class PressrunHook extends QueueWorkerBase {

  /**
   * {@inheritdoc}
   */
  public function processItem($data): void {
    $headers = [
      'Content-Type' => 'application/json',
      'X-Drupal-Event' => json_decode($data['body'], TRUE)['event'] ?? '',
      'X-Drupal-Delivery' => $data['uuid'],
    ];
    if ($secret = Settings::get('pressrun_secret')) {
      $headers['X-Hub-Signature-256'] = 'sha256=' . hash_hmac('sha256', $data['body'], $secret);
    }
    // Every answer but a success is an exception, after which the item is sent again.
    \Drupal::httpClient()->post(Settings::get('pressrun_hook'), [
      'headers' => $headers,
      'body' => $data['body'],
      'timeout' => 3,
      'allow_redirects' => FALSE,
    ]);
  }

}
