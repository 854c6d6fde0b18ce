// Calls hooks as vendors' own libraries sign, and checks what we sign with them.
// Reads {calls: [{client, address, secret, body, at, tamper}], checks: [{client,
// secret, method, path, headers, body}]} from standard input, and prints
// {calls: [{status, text}], checks: [true]}. at is in milliseconds since 1970.
import { readFileSync } from 'node:fs'
import * as contentful from '@contentful/node-apps-toolkit'
import { sign as signHub, verify as verifyHub } from '@octokit/webhooks-methods'
import { encodeSignatureHeader, isValidSignature, SIGNATURE_HEADER_NAME } from '@sanity/webhook'
import { Webhook as Standard } from 'standardwebhooks'
import { Webhook as Svix } from 'svix'

const standard = (Library) => ({
  sign: ({ id, body, at, secret }) => ({
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': new Library(secret).sign(id, new Date(at), body),
  }),
  verify: ({ secret, body, headers }) => Boolean(new Library(secret).verify(body, headers)),
})

const clients = {
  standardwebhooks: standard(Standard),
  svix: standard(Svix),
  sanity: {
    sign: async ({ body, at, secret, id }) => ({
      [SIGNATURE_HEADER_NAME]: await encodeSignatureHeader(body, at, secret),
      'sanity-operation': 'update', 'idempotency-key': id,
    }),
    verify: ({ secret, body, headers }) => isValidSignature(body, headers[SIGNATURE_HEADER_NAME], secret),
  },
  contentful: {
    sign: ({ body, at, secret, address, id }) => {
      const headers = { 'x-contentful-topic': 'ContentManagement.Entry.publish', 'x-contentful-idempotency-key': id }
      const path = new URL(address).pathname + new URL(address).search
      return { ...headers, ...contentful.signRequest(secret, { method: 'POST', path, body, headers }, at) }
    },
    verify: ({ secret, method, path, headers, body }) => contentful.verifyRequest(secret, { method, path, headers, body }, 0),
  },
  octokit: {
    sign: async ({ body, secret, id }) => ({
      'x-hub-signature-256': await signHub(secret, body), 'x-github-event': 'push', 'x-github-delivery': id,
      'x-drupal-event': 'entity:node:update', 'x-drupal-delivery': id,
    }),
    verify: ({ secret, body, headers }) => verifyHub(secret, body, headers['x-hub-signature-256']),
  },
}

async function call(one) {
  const headers = await clients[one.client].sign(one)
  const sent = await fetch(one.address, {
    method: 'POST', body: one.tamper ? one.body.replace('"', ' "') : one.body, headers: { 'content-type': 'application/json', ...headers },
  })
  return { status: sent.status, text: await sent.text() }
}

const work = JSON.parse(readFileSync(0, 'utf8'))
const calls = []
for (const one of work.calls) calls.push(await call(one))
const checks = []
for (const one of work.checks) {
  try {
    checks.push(await clients[one.client].verify(one))
  } catch (error) {
    checks.push(String(error))
  }
}
console.log(JSON.stringify({ calls, checks }))
