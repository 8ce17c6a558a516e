import type { Authorizer } from '@latchkey/core/adapter'
import type { ClientRecord, RunRecord, Span } from './record.ts'

/**
 * Wraps `manager` for one client, and records the client's calls. An adapter needs only these three
 * functions of a manager, so a wrapper that forwards them is enough.
 */
export function observe(
  manager: Authorizer,
  client: ClientRecord,
  now: RunRecord['now'],
): Authorizer {
  return {
    authorize(request) {
      const asked = manager.authorize(request)
      if (!(asked instanceof Promise)) return asked // the token was fresh: the request does not wait
      const end = startWait(client, now)
      return asked.finally(() => end(true))
    },
    recover(authorization, response, options) {
      const asked = manager.recover(authorization, response, options)
      if (!(asked instanceof Promise)) return asked
      const end = startWait(client, now)
      return asked
        .then((next) => {
          if (next) {
            client.replayed += 1
            client.replays.push(now())
          }
          end(next !== undefined)
          return next
        })
        .catch((error: unknown) => {
          end(true)
          throw error
        })
    },
    explain: (responseOrError) => manager.explain(responseOrError),
  }
}

/** Starts a wait. The end says whether the request really waited: an answer that is only checked is not a wait. */
function startWait(client: ClientRecord, now: RunRecord['now']): (counts: boolean) => void {
  const wait: Span = { from: now(), to: undefined }
  client.waiting += 1
  client.waits.push(wait)
  return (counts) => {
    client.waiting -= 1
    wait.to = now()
    if (!counts) {
      client.waits.splice(client.waits.indexOf(wait), 1)
      return
    }
    client.waited += 1
    client.longestWaitMs = Math.max(client.longestWaitMs, wait.to - wait.from)
  }
}
