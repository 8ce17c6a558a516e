import {
  bearerTokenAuthenticationPolicy,
  createPipelineFromOptions,
  createPipelineRequest,
  type PipelinePolicy,
} from '@azure/core-rest-pipeline'
import type { Tokens } from '../worlds/tokens.ts'
import type { World } from '../worlds/world.ts'
import { type Call, type Contender, type Family, PATH } from './client.ts'

const bare: Contender = { name: 'bare', connect: (world) => calling(world) }

const constant: Contender = {
  name: 'constant header',
  connect(world) {
    const value = `Bearer ${world.tokens.accessToken}`
    return calling(world, {
      name: 'constant header',
      sendRequest(request, next) {
        request.headers.set('authorization', value)
        return next(request)
      },
    })
  },
}

/** A plain 401 means nothing to it, so it is told to renew on any challenge. */
const bearerPolicy: Contender = {
  name: "Azure's bearer policy",
  connect(world) {
    let first: Tokens | undefined = world.tokens
    const policy = bearerTokenAuthenticationPolicy({
      scopes: 'bench',
      credential: {
        async getToken() {
          const { accessToken: token, expiresAt } = first ?? (await world.renew())
          first = undefined
          return { token, expiresOnTimestamp: expiresAt }
        },
      },
      challengeCallbacks: {
        async authorizeRequestOnChallenge({ scopes, request, getAccessToken }) {
          const renewed = await getAccessToken(scopes, { claims: 'renew', enableCae: true })
          request.headers.set('authorization', `Bearer ${renewed?.token}`)
          return renewed !== null
        },
      },
    })
    return calling(world, policy)
  },
}

/** Its policy sends tokens to https only, so that is what it is told; the http client knows better. */
function calling({ origin, httpClient }: World, policy?: PipelinePolicy): Call {
  const pipeline = createPipelineFromOptions({})
  if (policy) pipeline.addPolicy(policy)
  const secure = origin.replace('http:', 'https:')
  return async (path = PATH) => {
    const request = createPipelineRequest({ url: secure + path })
    return (await pipeline.sendRequest(httpClient, request)).status
  }
}

export const family: Family = { bare, constant, peers: [bearerPolicy] }
