import type { Authorizer } from '@latchkey/core/adapter'
import type { ClientRecord, RunRecord, Span } from './record.ts'

/**
 * `manager` as one client sees it, with everything that it asks written down. An adapter needs
 * nothing of a manager but these three functions, so whatever forwards them may stand in between.
 */
export function observe(
  manager: Authorizer,
  client: ClientRecord,
  now: RunRecord['now'],
): Authorizer {
  return {
    authorize(request) {
      const asked = manager.authorize(request)
      if (!(asked instanceof Promise)) return asked // the token was fresh: nobody waits
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

/** Starts a wait. Ending it says whether it was one: to look at an answer and keep it is none. */
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
