import { OAuth2Fetch, type OAuth2Client, type OAuth2Token } from '@badgateway/oauth2-client'
import { wrapFetch } from '@latchkey/fetch'
import type { Tokens } from '../worlds/tokens.ts'
import type { World } from '../worlds/world.ts'
import { type Call, type Contender, type Family, PATH, statusOf } from './client.ts'
import { signedIn } from './latchkey.ts'
import { supertokens } from './supertokens.ts'

const bare: Contender = {
  name: 'bare',
  connect: (world) => calling(world, world.fetch),
}

const constant: Contender = {
  name: 'constant header',
  connect({ origin, fetch, reads, tokens }) {
    const headers = { authorization: `Bearer ${tokens.accessToken}` }
    return async (path = PATH) => statusOf(await fetch(origin + path, { headers }), reads)
  },
}

const latchkey: Contender = {
  name: 'latchkey',
  connect: async (world) =>
    calling(world, wrapFetch(await signedIn(world), { fetch: world.fetch })),
}

/** Its fetch() is this middleware on the global fetch. */
const oauth2Client: Contender = {
  name: '@badgateway/oauth2-client',
  connect(world) {
    const client = { refreshToken: async () => forOauth2Client(await world.renew()) }
    const wrapper = new OAuth2Fetch({
      client: client as unknown as OAuth2Client,
      getNewToken: () => forOauth2Client(world.tokens),
    })
    const send = wrapper.mw()
    const api = (input: string) => send(new Request(input), world.fetch)
    return calling(world, api)
  },
}

const forOauth2Client = ({ accessToken, refreshToken, expiresAt }: Tokens): OAuth2Token => ({
  accessToken,
  refreshToken,
  expiresAt,
})

function calling({ origin, reads }: World, send: (url: string) => Promise<Response>): Call {
  return async (path = PATH) => statusOf(await send(origin + path), reads)
}

export const family: Family = { bare, constant, latchkey, peers: [oauth2Client, supertokens] }
