export { registerAuth } from './register-auth.ts'
