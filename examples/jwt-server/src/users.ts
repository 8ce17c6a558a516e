import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

interface User {
  name: string
  scopes: readonly string[]
}

export interface Users {
  /** Returns the user if the password is right. A wrong name takes as long as a wrong password. */
  check(name: string, password: string): Promise<User | undefined>
}

export interface NewUser extends User {
  password: string
}

const derive = promisify(scrypt) as (
  password: string,
  salt: Buffer,
  size: number,
) => Promise<Buffer>

/** Users in memory, their passwords as scrypt digests. */
export async function createUsers(list: readonly NewUser[]): Promise<Users> {
  const hash = async (password: string, salt: Buffer) => ({
    salt,
    key: await derive(password, salt, 32),
  })
  const unknownUser = await hash(randomBytes(16).toString('hex'), randomBytes(16))
  const known = new Map(
    await Promise.all(
      list.map(async ({ password, ...user }) => {
        return [user.name, { user, ...(await hash(password, randomBytes(16))) }] as const
      }),
    ),
  )
  return {
    async check(name, password) {
      const found = known.get(name)
      const { salt, key } = found ?? unknownUser
      const isRight = timingSafeEqual(key, await derive(password, salt, 32))
      return found && isRight ? found.user : undefined
    },
  }
}
