import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endProcess, lastLines, ownEnvironment } from '../processes/child-process.ts'
import { installServer } from '../installing/npm-install.ts'

export interface BetterAuthServer {
  readonly url: string
  signUp(user: { email: string; password: string }): Promise<void>
  /** From now on the user needs a code of an authenticator app as well. */
  enableTwoFactor(user: { email: string; password: string; token: string }): Promise<void>
  /** What the user's authenticator app shows. */
  codeOf(email: string): Promise<string>
  /** The session that `value` (its token, or what starts with it) stands for has run out. */
  expire(value: string): Promise<void>
  /** A JWT like `value`, signed by the server, that ran out a minute ago. */
  expiredJwt(value: string): Promise<string>
  /** Whether the server still has the session that `value` stands for. */
  isAlive(value: string): Promise<boolean>
  /** Ends this child and nothing else; resolves when it is gone. */
  stop(): Promise<void>
}

const betterAuth = {
  title: 'better-auth',
  name: 'better-auth',
  version: '1.7.25',
  cost: '25 MB on disk, about 20 seconds',
}
const script = fileURLToPath(new URL('better-auth-child.mjs', import.meta.url))

interface Answer {
  id?: number
  url?: string
  result?: unknown
  error?: string
}

/** Starts a real better-auth server, installed first when necessary, with all of its data in memory. */
export async function startBetterAuth(): Promise<BetterAuthServer> {
  const onProgress = (line: string) => process.stderr.write(`[better-auth] ${line}\n`)
  const folder = await installServer(betterAuth, { onProgress })
  const child = spawn(process.execPath, [script, folder], {
    env: ownEnvironment(/^BETTER_AUTH/),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const tail = lastLines([child.stdout, child.stderr].filter((stream) => stream !== null))
  try {
    const { url = '' } = await nextMessage(child, (message) => message.url !== undefined)
    return serverAt(url, child)
  } catch (error) {
    await endProcess(child)
    throw new Error(`better-auth did not start. Its last lines:\n${tail()}`, { cause: error })
  }
}

function serverAt(url: string, child: ChildProcess): BetterAuthServer {
  let calls = 0
  const call = async <T>(name: string, given: object): Promise<T> => {
    const id = (calls += 1)
    const answered = nextMessage(child, (message) => message.id === id)
    child.send({ id, name, given })
    const { result, error } = await answered
    if (error !== undefined) throw new Error(`better-auth: ${name}: ${error}`)
    return result as T
  }
  return {
    url,
    signUp: (user) => call('signUp', user),
    enableTwoFactor: (user) => call('enableTwoFactor', user),
    codeOf: (email) => call('code', { email }),
    expire: (value) => call('expire', { value }),
    expiredJwt: (value) => call('expiredJwt', { value }),
    isAlive: (value) => call('isAlive', { value }),
    stop: () => endProcess(child),
  }
}

function nextMessage(child: ChildProcess, isIt: (message: Answer) => boolean): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => settle(() => reject(error))
    const ended = (code: number | null) => failed(new Error(`it ended with ${code}`))
    const heard = (message: Answer) => {
      if (isIt(message)) settle(() => resolve(message))
    }
    const signal = AbortSignal.timeout(60_000)
    const late = () => failed(new Error('it did not answer within a minute'))
    const settle = (then: () => void) => {
      signal.removeEventListener('abort', late)
      child.off('error', failed).off('exit', ended).off('message', heard)
      then()
    }
    signal.addEventListener('abort', late)
    child.on('error', failed).on('exit', ended).on('message', heard)
  })
}
