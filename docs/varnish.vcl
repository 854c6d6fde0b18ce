# What Pressrun's Varnish purger needs: PURGE of one address, and BAN by a
# pattern over addresses (X-Ban-Url) or over cache tags (X-Ban-Tags).
vcl 4.1;

import std;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

# Who may purge. Everyone else is told 403.
acl purgers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "PURGE" || req.method == "BAN") {
        if (!client.ip ~ purgers) {
            return (synth(403, "Not allowed to purge"));
        }
        if (req.method == "PURGE") {
            return (purge);
        }
        # Only obj.* lets Varnish's ban lurker drop objects in the background.
        if (req.http.X-Ban-Url) {
            set req.http.X-Ban = "obj.http.x-ban-url ~ " + req.http.X-Ban-Url;
        } elseif (req.http.X-Ban-Tags) {
            set req.http.X-Ban = "obj.http.x-amz-meta-cache-tag ~ " + req.http.X-Ban-Tags;
        } else {
            return (synth(400, "BAN needs X-Ban-Url or X-Ban-Tags"));
        }
        if (std.ban(req.http.X-Ban + " && obj.http.x-ban-host == " + req.http.host)) {
            return (synth(200, "Banned"));
        }
        return (synth(400, "Not banned: " + std.ban_error()));
    }
}

sub vcl_backend_response {
    set beresp.http.x-ban-url = bereq.url;
    set beresp.http.x-ban-host = bereq.http.host;
}

sub vcl_deliver {
    unset resp.http.x-ban-url;
    unset resp.http.x-ban-host;
    unset resp.http.x-amz-meta-cache-tag;
}
