// Pressrun: answers redirects out of a CloudFront KeyValueStore.
// Runtime: cloudfront-js-2.0. Event: viewer request. Associate the store with it.
// A key is an address of the site, decoded, without "index.html" and without a
// slash at its end: "/old". A value begins with the status and the address that it
// leads to: "301 /new/". Keys of your own in this form are answered too.
import cf from 'cloudfront';

const redirects = cf.kvs();

// index: this function also maps "/about/" and "/about" to "/about/index.html",
// which an S3 bucket that is no website needs.
const index = false;

const reasons = {
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
};

async function handler(event) {
  const request = event.request;
  let value = '';
  try {
    value = await redirects.get(keyOf(request.uri));
  } catch (err) {
    // No such key; or the store can't be read, and the page at the origin leads on.
  }
  const fields = value.split(' ');
  if (reasons[fields[0]] && fields[1]) {
    return {
      statusCode: Number(fields[0]),
      statusDescription: reasons[fields[0]],
      headers: {
        location: { value: withQuery(fields[1], request) },
        // Browsers may keep a redirect that says nothing for ever.
        'cache-control': { value: 'public, max-age=60' },
      },
    };
  }
  if (index) {
    request.uri = indexOf(request.uri);
  }
  return request;
}

function keyOf(uri) {
  let path = uri;
  try {
    path = decodeURIComponent(uri);
  } catch (err) {
    // Not percent-encoded as it should be: as it is.
  }
  if (path.endsWith('/index.html')) {
    path = path.slice(0, -'index.html'.length);
  }
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') {
    end--;
  }
  return path.slice(0, end) || '/';
}

// withQuery keeps the visitor's query, unless the redirect has one of its own.
function withQuery(to, request) {
  const query = request.rawQueryString();
  if (!query || to.includes('?')) {
    return to;
  }
  const hash = to.indexOf('#');
  if (hash < 0) {
    return to + '?' + query;
  }
  return to.slice(0, hash) + '?' + query + to.slice(hash);
}

function indexOf(uri) {
  if (uri.endsWith('/')) {
    return uri + 'index.html';
  }
  const name = uri.slice(uri.lastIndexOf('/') + 1);
  return name.includes('.') ? uri : uri + '/index.html';
}
