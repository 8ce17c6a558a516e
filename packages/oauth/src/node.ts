/**
 * Signs people in with the browser of their machine, for command lines and desktop programs on Node.
 *
 * @module
 */
export {
  type BrowserSignInOptions,
  signInWithBrowser,
} from './loopback/sign-in-with-browser.ts'
