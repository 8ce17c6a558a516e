import { chooseProfile } from '../profile.ts'
import { changeProfiles, readProfiles } from '../profile-list.ts'
import { say } from '../terminal.ts'

/** Changes the current session: the one that commands use without --session. */
export async function use(wanted: string): Promise<void> {
  const { name } = chooseProfile(await readProfiles(), wanted)
  await changeProfiles((profiles) => ({ ...profiles, current: name }))
  say(`The current session is now ${name}.`)
}
