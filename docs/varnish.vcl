# What Pressrun's Varnish purger needs: PURGE of one address, and BAN by a
# pattern over addresses (X-Ban-Url) or over tags (X-Ban-Tags).
vcl 4.1;

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
        # obj.http.* lets Varnish's ban lurker drop objects in the background.
        if (req.http.X-Ban-Url) {
            ban("obj.http.x-url ~ " + req.http.X-Ban-Url + " && obj.http.x-host == " + req.http.host);
            return (synth(200, "Banned"));
        }
        if (req.http.X-Ban-Tags) {
            ban("obj.http.x-amz-meta-cache-tag ~ " + req.http.X-Ban-Tags + " && obj.http.x-host == " + req.http.host);
            return (synth(200, "Banned"));
        }
        return (synth(400, "BAN needs X-Ban-Url or X-Ban-Tags"));
    }
}

sub vcl_backend_response {
    set beresp.http.x-url = bereq.url;
    set beresp.http.x-host = bereq.http.host;
}

sub vcl_deliver {
    unset resp.http.x-url;
    unset resp.http.x-host;
    unset resp.http.x-amz-meta-cache-tag;
}
