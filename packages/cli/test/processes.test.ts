import { setTimeout } from 'node:timers/promises'
import { fileStore } from '@latchkey/stores/file'
import { nocodb } from '@latchkey/nocodb'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()

it('twenty processes at once across an expiry renew once and print the same token', async () => {
  scene.double.control.setAccessTokenLifetimeMs(1000)
  await scene.signIn()
  scene.double.control.setAccessTokenLifetimeMs(3_600_000)
  await setTimeout(1100) // the token's whole life: what is waited for is its expiry
  const ended = await Promise.all(Array.from({ length: 20 }, () => scene.home.run(['token'])))
  expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    Array.from({ length: 20 }, () => ({ code: 0, stderr: '' })),
  )
  expect(new Set(ended.map(({ stdout }) => stdout)).size).toBe(1)
  expect(scene.double.control.counts()).toMatchObject({
    signIns: 1,
    renewals: 1,
    rejectedRenewals: 0,
  })
})

it('a program that uses the same store needs no password', async () => {
  await scene.signIn()
  const directory = readdirSync(scene.home.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name === 'latchkey')
    .map((entry) => join(entry.parentPath, entry.name))[0]
  const noco = nocodb({ baseUrl: scene.url, store: fileStore({ directory: directory ?? '' }) })
  expect(await noco.me()).toMatchObject({ email: ada.email })
  expect(scene.double.control.counts().signIns).toBe(1)
})
