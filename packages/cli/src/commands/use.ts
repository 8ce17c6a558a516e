import { chooseProfile } from '../profile.ts'
import { changeProfiles, readProfiles } from '../profile-list.ts'
import { say } from '../terminal.ts'

/** Makes another session the one that is meant when nothing is said. */
export async function use(wanted: string): Promise<void> {
  const { name } = chooseProfile(await readProfiles(), wanted)
  await changeProfiles((profiles) => ({ ...profiles, current: name }))
  say(`The current session is now ${name}.`)
}
