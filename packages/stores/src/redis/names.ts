import { CALL_LIMIT_MS, patiently, runScript } from './connection.ts'
import { escapePattern, type KeyScan, type RedisPort } from './port.ts'
import { EXISTS } from './scripts.ts'

/**
 * A name as the end of a key: as it is, but for quotes, backslashes, control characters and broken
 * surrogate pairs, which are escaped as in JSON. Redis would store two broken ones as the same.
 */
export const keyOf = (prefix: string, name: string): string =>
  prefix + JSON.stringify(name).slice(1, -1)

function nameOf(prefix: string, key: string): string | undefined {
  try {
    return JSON.parse(`"${key.slice(prefix.length)}"`) as string
  } catch {
    return undefined // not one of ours
  }
}

/** The names that have a session, by a scan of all keys. */
export async function listNames(port: RedisPort, prefix: string): Promise<string[]> {
  const scans = await patiently(port, CALL_LIMIT_MS, () => port.keyScans())
  const keys = await Promise.all(scans.map((scan) => scanAll(port, scan, prefix)))
  const named = [...new Set(keys.flat())].map(async (key) => {
    const name = nameOf(prefix, key)
    if (name === undefined) return []
    return Number(await runScript(port, EXISTS, key)) === 1 ? [name] : []
  })
  return (await Promise.all(named)).flat()
}

async function scanAll(port: RedisPort, scan: KeyScan, prefix: string): Promise<string[]> {
  const pattern = `${escapePattern(prefix)}*`
  const found: string[] = []
  let from = '0'
  do {
    const { cursor, keys } = await patiently(port, CALL_LIMIT_MS, () => scan(from, pattern))
    found.push(...keys)
    from = cursor
  } while (from !== '0')
  return found
}
