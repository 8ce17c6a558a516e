import { setTimeout as sleep } from 'node:timers/promises'
import type { TokenSet } from '@latchkey/core'
import { mayCarrySecrets, ownFetch, parseAddress, readObject, redact } from '@latchkey/core/service'
import * as oauth from 'oauth4webapi'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { say } from '../terminal.ts'

/** Whom to ask, as whom, and for what. */
export interface DeviceFlow {
  issuer?: string | undefined
  tokenEndpoint?: string | undefined
  deviceEndpoint?: string | undefined
  clientId: string
  clientSecret?: string | undefined
  scope?: string | undefined
  allowInsecure?: boolean | undefined
  fetch?: typeof fetch | undefined
  /** Ends the waiting. */
  signal: AbortSignal
}

/** What a person gets to sign in with elsewhere. */
interface Code {
  deviceCode: string
  expiresAt: number
  intervalMs: number
}

type Answer = Readonly<Record<string, unknown>>

/** How long one request may take, in milliseconds. */
const REQUEST_LIMIT_MS = 15_000
/** RFC 8628, sections 3.2 and 3.5: where the server says nothing, and how much slower "slow down" is. */
const INTERVAL_MS = 5_000
const SLOWER_MS = 5_000
/** How long a code is good for whose life is not told. */
const CODE_LIFE_MS = 600_000
/** As many answers in a row may fail before the server counts as gone. */
const MOST_FAILURES = 5

/**
 * Signs in a person who has a browser elsewhere (RFC 8628): tells a code and where to enter it, and asks until that is
 * done.
 *
 * @returns The tokens, and what the server says of who signed in.
 * @throws {Failure} When the person says no, is too late or breaks off; when the server cannot do that.
 */
export async function signInByDevice(
  flow: DeviceFlow,
): Promise<{ tokens: TokenSet; idToken?: string }> {
  const server = await locate(flow)
  const code = await askForCode(server, flow)
  const answer = await poll(server, code, flow)
  const text = (name: string) => textOf(answer[name])
  const accessToken = text('access_token')
  if (accessToken === undefined) throw no('The server answered without an access token.')
  const refreshToken = text('refresh_token')
  const idToken = text('id_token')
  const lifeMs = Number(answer['expires_in'] ?? Number.NaN) * 1000
  const tokens = {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(lifeMs > 0 && Number.isFinite(lifeMs) && { expiresAt: Date.now() + lifeMs }),
  }
  return { tokens, ...(idToken !== undefined && { idToken }) }
}

/** The server's endpoints: told, or as it describes itself (OpenID Connect Discovery, else RFC 8414). */
async function locate(flow: DeviceFlow): Promise<oauth.AuthorizationServer> {
  const { allowInsecure } = flow
  const address = (option: 'issuer' | 'tokenEndpoint' | 'deviceEndpoint') =>
    flow[option] === undefined
      ? undefined
      : parseAddress(option, flow[option], { allowInsecure: allowInsecure === true })
  const token = address('tokenEndpoint')
  const device = address('deviceEndpoint')
  const issuer = address('issuer')
  const server = {
    issuer: token?.origin ?? '',
    ...(issuer && (await discover(issuer, flow))),
    ...(token && { token_endpoint: token.href }),
    ...(device && { device_authorization_endpoint: device.href }),
  }
  for (const endpoint of [server.token_endpoint, server.device_authorization_endpoint]) {
    const url = endpoint === undefined ? null : URL.parse(endpoint)
    if (!url) {
      throw no(
        'The server offers no sign-in with a code. Where it does not describe itself, give --token-endpoint and --device-endpoint.',
      )
    }
    if (!mayCarrySecrets(url, allowInsecure)) {
      throw new Failure(
        ExitCode.usage,
        `${url.origin} is plain http: anybody on the way could read the tokens. Use https; or, if you accept that, give --allow-insecure or set LATCHKEY_ALLOW_INSECURE=1.`,
      )
    }
  }
  return server
}

async function discover(issuer: URL, flow: DeviceFlow): Promise<oauth.AuthorizationServer> {
  const options = sending(flow)
  let response = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oidc' })
  if (response.status >= 400 && response.status < 500) {
    response = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' })
  }
  if (response.status !== 200) throw unexpected(response, 'its metadata')
  return oauth.processDiscoveryResponse(issuer, response).catch((cause: unknown) => {
    throw new Failure(
      ExitCode.refused,
      `${issuer.href} does not describe itself as that issuer. See whether --issuer is right.`,
      { cause },
    )
  })
}

async function askForCode(server: oauth.AuthorizationServer, flow: DeviceFlow): Promise<Code> {
  const parameters: Record<string, string> = flow.scope === undefined ? {} : { scope: flow.scope }
  const client = { client_id: flow.clientId }
  const askedAt = Date.now()
  const response = await oauth.deviceAuthorizationRequest(
    server,
    client,
    authentication(flow),
    parameters,
    sending(flow),
  )
  const answer = readObject(await response.text())
  const text = (name: string) => textOf(answer[name])
  if (!response.ok || text('error') !== undefined) throw refusal(response, answer, flow, 'a code')
  const deviceCode = text('device_code')
  const userCode = text('user_code')
  const where = text('verification_uri') ?? text('verification_url')
  if (deviceCode === undefined || userCode === undefined || where === undefined) {
    throw no('The server did not give a code to sign in with.')
  }
  const lifeMs = positive(answer['expires_in'], CODE_LIFE_MS)
  const minutes = Math.ceil(lifeMs / 60_000)
  const complete = text('verification_uri_complete')
  say(
    `Open ${where} in any browser and enter the code ${userCode}`,
    ...(complete === undefined ? [] : [`or open ${complete}`]),
    minutes < 1440 ? `It is good for ${minutes} min. Waiting …` : 'Waiting …',
  )
  return {
    deviceCode,
    expiresAt: askedAt + lifeMs,
    intervalMs: Math.max(positive(answer['interval'], INTERVAL_MS), 1_000),
  }
}

/** Asks at the pace that the server sets until the person is done. */
async function poll(
  server: oauth.AuthorizationServer,
  { deviceCode, expiresAt, intervalMs }: Code,
  flow: DeviceFlow,
): Promise<Answer> {
  let pauseMs = intervalMs
  let failures = 0
  for (;;) {
    await pause(Math.min(pauseMs, expiresAt - Date.now()), flow.signal)
    if (Date.now() >= expiresAt) throw tooLate()
    const { answer, response, error } = await ask(server, deviceCode, flow)
    if (response?.ok && textOf(answer['error']) === undefined) return answer
    const said = textOf(answer['error'])
    if (said === 'authorization_pending') failures = 0
    else if (said === 'slow_down') pauseMs += SLOWER_MS
    else if (said === 'expired_token') throw tooLate()
    else if (said === 'access_denied') throw no('The sign-in was denied in the browser.')
    else if (response && response.status < 500 && response.status !== 429) {
      throw refusal(response, answer, flow, 'tokens', deviceCode)
    } else {
      failures += 1
      pauseMs *= 2 // RFC 8628 section 3.5: who gets no answer asks less often
      if (failures >= MOST_FAILURES) throw unexpected(response, 'tokens', error)
    }
  }
}

/** One question. No answer is an answer too, but for a person who breaks off. */
async function ask(server: oauth.AuthorizationServer, deviceCode: string, flow: DeviceFlow) {
  const client = { client_id: flow.clientId }
  try {
    const response = await oauth.deviceCodeGrantRequest(
      server,
      client,
      authentication(flow),
      deviceCode,
      sending(flow),
    )
    return { response, answer: readObject(await response.text()) as Answer }
  } catch (error) {
    if (flow.signal.aborted) throw brokenOff()
    return { answer: {} as Answer, error }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // No timer can wait longer than 2^31 - 1 ms.
  await sleep(Math.min(Math.max(ms, 0), 2 ** 31 - 1), undefined, { signal }).catch(() => {
    throw brokenOff()
  })
}

const authentication = ({ clientSecret }: DeviceFlow): oauth.ClientAuth =>
  clientSecret === undefined ? oauth.None() : oauth.ClientSecretBasic(clientSecret)

/** No redirect is followed, and no answer waited for without end. Where it may go has been checked before. */
function sending({ fetch, signal }: DeviceFlow) {
  const send = ownFetch({ fetch })
  return {
    [oauth.customFetch]: (url: string, init: object) => send(url, init),
    [oauth.allowInsecureRequests]: true,
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_LIMIT_MS)]),
  }
}

function refusal(
  response: Response,
  answer: Answer,
  { clientSecret }: DeviceFlow,
  what: string,
  deviceCode?: string,
): Failure {
  const words = [textOf(answer['error']), textOf(answer['error_description'])]
  const secrets = [clientSecret, deviceCode].filter((secret) => secret !== undefined)
  const said = redact(words.filter(Boolean).join(': '), secrets).slice(0, 400)
  return said ? no(`The server did not give ${what} (${said}).`) : unexpected(response, what)
}

function unexpected(response: Response | undefined, what: string, cause?: unknown): Failure {
  if (cause !== undefined) {
    return new Failure(ExitCode.unavailable, 'The server could not be asked for tokens.', { cause })
  }
  const status = response?.status ?? 500
  const code = status >= 500 || status === 429 ? ExitCode.unavailable : ExitCode.refused
  return new Failure(code, `The server did not give ${what} (it answered ${status}).`)
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** A number of seconds in milliseconds; `otherwise` for what is none. */
function positive(seconds: unknown, otherwise: number): number {
  const ms = Number(seconds ?? Number.NaN) * 1000
  return ms > 0 ? ms : otherwise
}

const no = (message: string) => new Failure(ExitCode.refused, message)
const tooLate = () =>
  new Failure(ExitCode.signedOut, 'The code has expired. Run the sign-in again for a new one.')
const brokenOff = () => new Failure(ExitCode.interrupted, 'Nothing was changed.')
