export { wrapFetch } from './wrap-fetch.ts'
