import { type AnyRedis, CALL_LIMIT_MS, patiently, type RedisNode, runScript } from './connection.ts'
import { EXISTS } from './scripts.ts'

/** How many keys Redis looks at in one step. */
const SCAN_STEP = 500

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
export async function listNames(client: AnyRedis, prefix: string): Promise<string[]> {
  const nodes = await patiently(client, CALL_LIMIT_MS, () => nodesOf(client))
  const keys = await Promise.all(nodes.map((node) => scanNode(client, node, prefix)))
  const named = [...new Set(keys.flat())].map(async (key) => {
    const name = nameOf(prefix, key)
    if (name === undefined) return []
    return (await runScript(client, EXISTS, key)) === 1 ? [name] : []
  })
  return (await Promise.all(named)).flat()
}

async function nodesOf(client: AnyRedis): Promise<RedisNode[]> {
  if (!('masters' in client)) return [client]
  return Promise.all(client.masters.map((node) => client.nodeClient(node)))
}

async function scanNode(client: AnyRedis, node: RedisNode, prefix: string): Promise<string[]> {
  const MATCH = `${prefix.replaceAll(/[\\*?[\]]/g, '\\$&')}*`
  const keys: string[] = []
  let cursor = '0'
  do {
    const page = await patiently(client, CALL_LIMIT_MS, () =>
      node.scan(cursor, { MATCH, TYPE: 'hash', COUNT: SCAN_STEP }),
    )
    keys.push(...page.keys.map(String))
    cursor = String(page.cursor)
  } while (cursor !== '0')
  return keys
}
