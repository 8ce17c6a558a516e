import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { accepted, active, challenged, refused } from './expect.ts'
import {
  type Answer,
  ask,
  clients,
  type Fields,
  get,
  introspect,
  type OAuthCase,
  type OAuthTarget,
  type ProofClaims,
  proofKey,
  signIn,
} from './target.ts'

const { machine, phone, app } = clients
type Key = Awaited<ReturnType<typeof proofKey>>

/** Asks for a machine's token with a proof. */
async function machineToken(target: OAuthTarget, headers: Fields): Promise<Answer> {
  return ask(target, 'token', machine, { grant_type: 'client_credentials' }, headers)
}

const tokenProof = (target: OAuthTarget, key: Key, more: Partial<ProofClaims> = {}) =>
  key.proof({ url: target.at('token'), ...more })

/** Asks userinfo with a token and a proof. */
async function me(target: OAuthTarget, key: Key, token: unknown, more: Partial<ProofClaims> = {}) {
  const url = target.at('userinfo')
  const proof = await key.proof({ method: 'GET', url, accessToken: String(token), ...more })
  return get(url, { authorization: `DPoP ${String(token)}`, ...proof })
}

async function refreshWith(target: OAuthTarget, client: typeof app, token: unknown, proof: Fields) {
  const fields = { grant_type: 'refresh_token', refresh_token: String(token) }
  return ask(target, 'token', client, fields, proof)
}

const nonceOf = ({ headers }: Answer) => headers.get('dpop-nonce')

const keyCases: readonly OAuthCase[] = [
  {
    name: 'a proof binds the token to its key',
    async run(target) {
      const key = await proofKey(target)
      const json = accepted(await machineToken(target, await tokenProof(target, key)))
      equal(json['token_type'], 'DPoP')
      const { cnf, token_type } = await introspect(target, json['access_token'])
      deepEqual({ cnf, token_type }, { cnf: { jkt: key.thumbprint }, token_type: 'DPoP' })
    },
  },
  {
    name: 'a bound token is accepted with a proof of its key only',
    async run(target) {
      const key = await proofKey(target)
      const { access_token: token } = accepted(
        await signIn(target, app, {}, await tokenProof(target, key)),
      )
      equal((await me(target, key, token)).status, 200)
      const stranger = await me(target, await proofKey(target), token)
      equal(stranger.status, 401)
      challenged(stranger, 'DPoP', { error: 'invalid_token' })
      const bare = await get(target.at('userinfo'), { authorization: `Bearer ${String(token)}` })
      equal(bare.status, 401)
    },
  },
  {
    name: 'a token that is not bound is not accepted as DPoP',
    async run(target) {
      const { access_token: token } = accepted(await signIn(target, app))
      equal((await me(target, await proofKey(target), token)).status, 401)
    },
  },
  {
    name: 'a proof is for one token, one method, one address and one request',
    async run(target) {
      const key = await proofKey(target)
      const { access_token: token } = accepted(
        await signIn(target, app, {}, await tokenProof(target, key)),
      )
      for (const wrong of [
        { accessToken: 'another' },
        { method: 'POST' },
        { url: `${target.issuer}/elsewhere` },
      ]) {
        const answer = await me(target, key, token, wrong)
        equal(answer.status, 401)
        challenged(answer, 'DPoP', { error: 'invalid_dpop_proof' })
      }
      equal((await me(target, key, token, { jti: 'once' })).status, 200)
      equal((await me(target, key, token, { jti: 'once' })).status, 401)
    },
  },
  {
    name: 'at the token endpoint a wrong proof is invalid_dpop_proof, and nothing is spent',
    async run(target) {
      const key = await proofKey(target)
      const { refresh_token: token } = accepted(await signIn(target, app))
      const wrong = await key.proof({ url: `${target.issuer}/elsewhere` })
      refused(await refreshWith(target, app, token, wrong), 400, 'invalid_dpop_proof')
      const garbage = await refreshWith(target, app, token, { dpop: 'garbage' })
      refused(garbage, 400, 'invalid_dpop_proof')
      accepted(await refreshWith(target, app, token, await tokenProof(target, key)))
    },
  },
  {
    name: 'the query is no part of the address in a proof',
    async run(target) {
      const key = await proofKey(target)
      const { access_token: token } = accepted(
        await signIn(target, app, {}, await tokenProof(target, key)),
      )
      const url = target.at('userinfo')
      const proof = await key.proof({ method: 'GET', url, accessToken: String(token) })
      const headers = { authorization: `DPoP ${String(token)}`, ...proof }
      equal((await get(`${url}?page=2`, headers)).status, 200)
    },
  },
  {
    name: 'the refresh token of a client without a secret is bound to the key, too',
    async run(target) {
      const key = await proofKey(target)
      const first = accepted(await signIn(target, phone, {}, await tokenProof(target, key)))
      const token = first['refresh_token']
      const client = phone as typeof app
      const stranger = await tokenProof(target, await proofKey(target))
      refused(await refreshWith(target, client, token, stranger), 400, 'invalid_grant')
      refused(await refreshWith(target, client, token, {}), 400, 'invalid_grant')
      const proof = await tokenProof(target, key)
      const second = accepted(await refreshWith(target, client, token, proof))
      equal(second['token_type'], 'DPoP')
    },
  },
  {
    name: 'a client with a secret may renew with another key',
    async run(target) {
      const proof = await tokenProof(target, await proofKey(target))
      const first = accepted(await signIn(target, app, {}, proof))
      const next = await tokenProof(target, await proofKey(target))
      accepted(await refreshWith(target, app, first['refresh_token'], next))
    },
  },
]

const nonceCases: readonly OAuthCase[] = [
  {
    name: 'a server that wants nonces answers a proof without one by use_dpop_nonce and the nonce',
    async run(outer) {
      const target = await outer.withNonces()
      const key = await proofKey(target)
      const first = await machineToken(target, await tokenProof(target, key))
      refused(first, 400, 'use_dpop_nonce')
      const nonce = nonceOf(first)
      ok(nonce)
      accepted(await machineToken(target, await tokenProof(target, key, { nonce })))
    },
  },
  {
    name: 'a demand for a nonce spends neither a code nor a refresh token',
    async run(outer) {
      const target = await outer.withNonces()
      const key = await proofKey(target)
      const demand = await machineToken(target, await tokenProof(target, key))
      const nonce = nonceOf(demand)
      const proof = await tokenProof(target, key, { nonce })
      const first = accepted(await signIn(target, app, {}, proof))
      const bare = await tokenProof(target, key)
      const { refresh_token: token } = first
      refused(await refreshWith(target, app, token, bare), 400, 'use_dpop_nonce')
      const good = await tokenProof(target, key, { nonce })
      await active(
        target,
        true,
        accepted(await refreshWith(target, app, token, good))['access_token'],
      )
    },
  },
  {
    name: 'an unknown nonce is use_dpop_nonce with a good one',
    async run(outer) {
      const target = await outer.withNonces()
      const key = await proofKey(target)
      const wrong = await tokenProof(target, key, { nonce: 'unknown' })
      const answer = await machineToken(target, wrong)
      refused(answer, 400, 'use_dpop_nonce')
      notEqual(nonceOf(answer), null)
    },
  },
  {
    name: 'the API wants nonces by a challenge with 401',
    async run(outer) {
      const target = await outer.withNonces()
      const key = await proofKey(target)
      const demand = await machineToken(target, await tokenProof(target, key))
      const tokenNonce = { nonce: nonceOf(demand) }
      const proof = await tokenProof(target, key, tokenNonce)
      const { access_token: token } = accepted(await signIn(target, app, {}, proof))
      const answer = await me(target, key, token)
      equal(answer.status, 401)
      challenged(answer, 'DPoP', { error: 'use_dpop_nonce' })
      equal((await me(target, key, token, { nonce: nonceOf(answer) })).status, 200)
    },
  },
  {
    name: 'a request without a proof needs no nonce',
    async run(outer) {
      const target = await outer.withNonces()
      equal(accepted(await machineToken(target, {}))['token_type'], 'Bearer')
    },
  },
]

export const dpopCases = [...keyCases, ...nonceCases]
