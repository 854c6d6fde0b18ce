// CloudFront function for the viewer's request of a distribution with previews: shows
// NAME.preview.example.gov from the folder NAME of the bucket.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
function handler(event) {
    var request = event.request;
    var host = request.headers.host ? request.headers.host.value.toLowerCase() : '';
    var name = host.split('.')[0];
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || name.length > 63 || /^\/\.pressrun(\/|$)/.test(request.uri)) {
        return { statusCode: 404, statusDescription: 'Not Found' };
    }
    var uri = request.uri;
    if (uri.endsWith('/')) {
        uri += 'index.html';
    } else if (uri.lastIndexOf('.') < uri.lastIndexOf('/')) {
        uri += '/index.html';
    }
    request.uri = '/' + name + uri;
    return request;
}
