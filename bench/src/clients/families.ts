import type { Family } from './client.ts'

const families = {
  fetch: () => import('./fetch.ts'),
  ky: () => import('./ky.ts'),
  axios: () => import('./axios.ts'),
  azure: () => import('./azure.ts'),
  alova: () => import('./alova.ts'),
}

export type ClientName = keyof typeof families
export const clientNames = Object.keys(families) as ClientName[]

/** Loaded by name, so that a process holds only what it measures. */
export async function loadFamily(name: ClientName): Promise<Family> {
  return (await families[name]()).family
}
