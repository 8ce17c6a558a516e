import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from 'redis'

export function hasRedis(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0
}

/** A real Redis server that listens on a socket in `folder` and writes nothing down. */
export async function startRedis(folder: string) {
  const socket = join(folder, 'redis.sock')
  const args = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '']
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  const client = createClient({ socket: { path: socket, tls: false } })
  client.on('error', () => undefined) // not there yet
  while (!client.isReady) {
    await client.connect().catch(() => wait(50))
    if (child.exitCode !== null) throw new Error('redis-server did not start.')
  }
  client.destroy()
  return {
    socket,
    async close() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}
