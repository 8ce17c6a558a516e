import { env } from 'node:process'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'
import type { Credential } from './fresh-credential.ts'

/** How `token` prints a token. */
export type TokenFormat = 'token' | 'header' | 'json' | 'exec-credential' | 'credential-process'

const GROUP = 'client.authentication.k8s.io'

/**
 * What kubectl and other Kubernetes clients take from a credential plugin (`client.authentication.k8s.io`). They keep
 * the token until it expires, and send it as `Authorization: Bearer`.
 *
 * @throws {Failure} When the session's server takes its token in another way.
 */
export function execCredential({ token, expiresAt, header }: Credential): object {
  const [name, value] = header
  if (name.toLowerCase() !== 'authorization' || value !== `Bearer ${token}`) {
    throw new Failure(
      ExitCode.usage,
      `Kubernetes clients send a token as "Authorization: Bearer", but this session's server takes it in another way (${name}).`,
    )
  }
  const expirationTimestamp = instant(expiresAt)
  return {
    apiVersion: requestedVersion(),
    kind: 'ExecCredential',
    status: { token, ...(expirationTimestamp && { expirationTimestamp }) },
  }
}

/** The client refuses any version but the one that it asks for. */
function requestedVersion(): string {
  try {
    const { apiVersion } = JSON.parse(env['KUBERNETES_EXEC_INFO'] ?? '') as { apiVersion?: unknown }
    if (apiVersion === `${GROUP}/v1beta1`) return apiVersion
  } catch {
    // Asked by a person, or by a client that does not say.
  }
  return `${GROUP}/v1`
}

/**
 * AWS' `credential_process`, as far as it fits: `Version` and `Expiration` mean the same, and `Token` is what AWS'
 * own endpoints call a session token. There are no keys in it, so that AWS' SDKs refuse it.
 */
export function credentialProcess({ token, expiresAt, header: [name, value] }: Credential): object {
  const expiration = instant(expiresAt)
  return {
    Version: 1,
    Token: token,
    Header: `${name}: ${value}`,
    ...(expiration && { Expiration: expiration }),
  }
}

/** RFC 3339, in whole seconds. Absent: unknown, or so far away that programs would not read it. */
function instant(at: number | undefined): string | undefined {
  if (at === undefined || at > Date.UTC(9999, 11, 31)) return undefined
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}
