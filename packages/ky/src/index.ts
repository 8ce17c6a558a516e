export { authHooks } from './auth-hooks.ts'
