export { type AxiosLike, registerAuth } from './register-auth.ts'
