import { createNocoDBDouble, type NocoDBDouble } from '@latchkey/testing'
import { listen } from '@latchkey/testing/node'
import { afterEach, beforeEach, vi } from 'vitest'
import { createHome, type Home } from './latchkey.ts'

export const ada = { email: 'ada@example.com', password: 'CANARY-7f3a correct horse' }
export const bob = { email: 'bob@example.com', password: 'CANARY-7f3a battery staple' }

/** A server with two users, and a machine to reach it from. New for each test. */
export interface Scene {
  url: string
  double: NocoDBDouble
  home: Home
  /** Signs in by a pipe, as scripts do. */
  signIn(user?: { email: string; password: string }, ...more: string[]): ReturnType<Home['run']>
}

export function useScene(): Scene {
  const scene = {} as Scene
  let close: () => Promise<void>
  // A test starts several processes, on a machine that may be busy.
  vi.setConfig({ testTimeout: 60_000 })

  beforeEach(async () => {
    const double = createNocoDBDouble()
    double.control.addUser(ada)
    double.control.addUser(bob)
    const server = await listen(double)
    const home = createHome()
    close = async () => {
      home.remove()
      await server.close()
    }
    Object.assign(scene, {
      url: server.url,
      double,
      home,
      signIn: ({ email, password } = ada, ...more: string[]) =>
        home.run(['sign-in', server.url, '--email', email, '--stdin', ...more], {
          stdin: `${password}\n`,
        }),
    } satisfies Scene)
  })
  afterEach(() => close())
  return scene
}
