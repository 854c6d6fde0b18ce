package rules

import "testing"

func TestOnlyANameThatFollowsItsContentIsHashed(t *testing.T) {
	for _, name := range []string{
		"assets/main.3f9c2b71.js", "assets/main.3f9c2b71.js.map", "assets/main-3f9c2b71aa.min.css", "js/chunk.3f9c2b71aa04de1f9b2c.js", "assets/index-BxK3a9_z.js",
		"assets/chunk-2DX5KQ7A.js", "_next/static/chunks/main.js", "_astro/hero.CqYlZ3x0_1a2b.webp", "_app/immutable/start.js", "_nuxt/entry.js",
		"assets/logo.3f9c2b71.svg", "static/media/photo.d0a1b2c3e4f5a6b7c8d9.png", "static/logo-3f9c2b71.png", "assets/a0-3f9c2b71aa04.woff2", "3f9c2b71aa04de1f.js",
	} {
		if !IsHashed(name) {
			t.Errorf("%s is not taken for hashed", name)
		}
	}
	for _, name := range []string{
		// Crops and renditions: the key is of the crop, not of the content.
		"media/hero.2e16d0ba.fill-898x844-c100.jpg", "images/hero.2e16d0ba.fill-898x844.jpg", "images/hero.2e16d0ba.max-165x165.png", "img/photo_300x200_3f9c2b71.jpg", "media/hero.2e16d0ba.jpg",
		// Cameras and dates.
		"img/IMG_20240115a.jpg", "assets/IMG-20240115a.jpg", "assets/photo-20240115b1.jpg", "assets/app-20240115a1b2.js", "assets/plan-15012024a1.js", "img/event-20261121.png", "assets/scan.12312024.png",
		// UUIDs and other ids.
		"assets/3fa85f64-5717-4562-b3fc-2c963f66afa6.jpg", "assets/3fa85f64-5717-4562-b3fc-2c963f66afa6.js", "assets/photo-3fa85f64-5717-4562-b3fc-2c963f66afa6.png",
		"assets/6b02194e9777201fddcb6094.jpg", "assets/post-6b02194e9777201fddcb6094.jpg", "assets/photo-1506744038136-46273834b3fb.jpg", "uploads/photo_1a2b3c4d5e.png",
		"assets/3f9c2b71aa04de1f3f9c2b71aa04de1f.jpg", "3f9c2b71aa04de1f.avif", "assets/1234567a.js", "assets/01ARZ3NDEKTSV4RRFFQ69G5FAV.js", "assets/id-01ARZ3NDEKTSV4RRFFQ69G5FAV.js", "assets/id-V1StGXR8_Z5jdHi6B-myT.js", "assets/id-1541815603606036480.js", "assets/id-507f1f77bcf86cd799439011.js", "assets/user-1234567a.js",
		// Words, versions, numbers of phones and forms.
		"css/site-homepage.css", "css/print-Report24.css", "js/form-SF1199A1.js", "js/app-facade01.js", "js/jquery-3.7.1.min.js", "js/call-18005551234.js", "assets/tel-02079460958.css", "assets/isbn-9783161484100.css", "assets/isbn-080442957X.css", "assets/iban-de89370400440532013000.css", "assets/sku-AB12CD34.js", "assets/order-1234567890.js",
		"assets/app.v20240115.js", "assets/app-20240115T1030Z.js", "assets/chunk-1700000000000.js", "assets/app-build1234.js", "js/main-es2015.js", "assets/case-19-1392.css", "assets/hero-1920x1080.png", "assets/lang-zh-hant-2.js", "js/app.deadbeef.js", "js/lib-20240115.js",
		"img/photo-DSC01234.jpg", "docs/main.3f9c2b71.pdf", "sw.3f9c2b71.html",
	} {
		if IsHashed(name) {
			t.Errorf("%s is taken for hashed", name)
		}
	}
}

func TestFilesThatLeadToPagesOrDecideOnAssetsGoLast(t *testing.T) {
	for _, name := range []string{
		"index.html", "index.htm", "index.xml", "feed/index.xml", "feed", "blog/feed", "blog/index.xml", "rss.xml", "rss2.xml", "feed.json", "feed_rss_created.xml", "news/all.atom", "feeds/all.atom.xml", "feeds/news.rss.xml",
		"sitemap.xml", "sitemap.xml.gz", "sitemap_index.xml", "sitemap-0.xml", "post-sitemap.xml", "post-sitemap2.xml", "wp-sitemap.xml", "wp-sitemap-posts-page-1.xml", "news-sitemap.xml", "sitemap.txt", "sitemaps/sitemap-2.xml", "sitemaps/pages.xml", "en/sitemap/posts.xml.gz",
		"robots.txt", "llms.txt", "sw.js", "service-worker.js", "serviceworker.js", "service_worker.js", "ngsw-worker.js", "ngsw.json", "safety-worker.js", "firebase-messaging-sw.js",
		"OneSignalSDKWorker.js", "flutter_service_worker.js", "pwabuilder-sw.js", "superpwa-sw.js", "sw.min.js", "sw.mjs", "sw-v2.js", "sw.1.js", "serviceWorker.v3.js", "service-worker-1.4.0.min.js", "pagefind/pagefind-entry.json", "app/sw.js", "hashmap.json", "asset-manifest.json", "_nuxt/builds/latest.json", "_app/version.json", "precache-manifest.a1b2.js",
	} {
		if Classify(name) != ClassEntry {
			t.Errorf("%s is of the %s", name, Classify(name))
		}
		if got := DefaultCacheControl(name); got != CachePage {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, want := range map[string]Class{
		"about/index.html": ClassPage, "answers.js": ClassAsset, "disw.js": ClassAsset, "swatch-v2.js": ClassAsset, "pagefind/pagefind.en_4a1b2c.pf_meta": ClassAsset, "pagefind/index/en_1a2b3c4.pf_index": ClassAsset, "pagefind/fragment/en_1a2b3c4.pf_fragment": ClassAsset, "pagefind/wasm.en.pagefind": ClassAsset, "feedback.xml": ClassOther, "data.xml": ClassOther, "feeder": ClassOther,
		"mysitemap.html": ClassPage, "sitemap.html": ClassPage, "sitemap/index.html": ClassPage, "swiper.js": ClassAsset, "atomic.css": ClassAsset, "app/manifest.json": ClassOther, "robots.html": ClassPage,
	} {
		if got := Classify(name); got != want {
			t.Errorf("%s is of the %s, not of the %s", name, got, want)
		}
	}
}
