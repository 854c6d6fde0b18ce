// CloudFront function for the viewer's response of a distribution with previews: search
// engines list nothing of it.
function handler(event) {
    var response = event.response;
    response.headers['x-robots-tag'] = { value: 'noindex, nofollow, noarchive' };
    return response;
}
