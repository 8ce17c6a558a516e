// Writes one session after the other, under the lock, until it is killed: started by kill.test.ts on the
// built packages. Its argument is the directory; it sends the number of each session that is stored.
import process from 'node:process'
import { fileStore } from '@latchkey/stores/file'
import { countOf, NAME, sessionOf } from './sessions.ts'

const store = fileStore({ directory: process.argv[2] ?? '' })
for (let count = countOf(await store.getToken(NAME)) + 1; ; count += 1) {
  await store.lock(NAME, async () => store.setToken(sessionOf(count), NAME))
  process.send?.(count)
}
