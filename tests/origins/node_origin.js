// usage: node node_origin.js FILE. Writes each request, as Node's parser understood it, to FILE as one line of JSON
// before it is answered, and prints its port.
'use strict';
const fs = require('node:fs');
const http = require('node:http');

const file = fs.openSync(process.argv[2], 'a');

function pairs(raw) {
  const fields = [];
  for (let at = 0; at < raw.length; at += 2) fields.push([raw[at], raw[at + 1]]);
  return fields;
}

const server = http.createServer({ maxHeaderSize: 1 << 17, insecureHTTPParser: false }, (request, reply) => {
  const body = [];
  request.on('data', (piece) => body.push(piece));
  request.on('end', () => {
    const view = {
      method: request.method,
      target: request.url,
      fields: pairs(request.rawHeaders),
      body: Buffer.concat(body).toString('base64'),
    };
    fs.writeSync(file, JSON.stringify(view) + '\n');
    reply.end('ok');
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
