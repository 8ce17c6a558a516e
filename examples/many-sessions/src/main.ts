// Four sessions in one store, with axios, ky and fetch. Each request is sent as the right user.
import { isLatchkeyError } from '@latchkey/core'
import { startServers } from './servers.ts'
import { clients, openSessions, type Session } from './sessions.ts'

const servers = await startServers()
const { noco, reports, bank } = servers
const { sessions, store } = openSessions(servers)

/** Sends requests of every session through every client, all at once. */
async function everybodyAsks(who: readonly Session[]): Promise<string> {
  const asked = who.flatMap((session) =>
    Object.values(clients).map(async (ask) => (await ask(session)).includes(session.answer)),
  )
  const answers = await Promise.all(asked)
  return `${answers.filter(Boolean).length} of ${answers.length} requests answered to the right session`
}

/** The work of the servers. */
const work = () =>
  Object.entries({
    'sign-ins': noco.counts().signIns,
    renewals: noco.counts().renewals,
    'machine tokens': reports.tokensIssued(),
    'PowerAuth tokens': bank.tokensCreated(),
    "looks at the bank's clock": bank.timesAsked(),
  })
    .map(([what, count]) => `${what}: ${count}`)
    .join(', ')

const stored = async () =>
  ((await store.names?.()) ?? []).map(decodeURIComponent).toSorted().join(', ')

try {
  console.log(`At first:     ${await everybodyAsks(sessions)}\n              ${work()}`)
  console.log(`One store:    ${await stored()}`)

  noco.expire()
  reports.expire()
  bank.passADay()
  console.log(`All expired:  ${await everybodyAsks(sessions)}\n              ${work()}`)

  const [ada, ...others] = sessions
  if (!ada) throw new Error('The session is missing.')
  const [answered] = await Promise.all([everybodyAsks(others), ada.manager.signOut()])
  const refused: unknown = await ada.manager.getTokens().catch((error: unknown) => error)
  console.log(`Ada is out:   ${answered}; Ada gets ${isLatchkeyError(refused) && refused.code}`)
  console.log(`One store:    ${await stored()}`)
} finally {
  await servers.close()
}
