import * as axios from 'axios'
import * as ky from 'ky'
import { axiosClient } from './axios-client.ts'
import { fetchClient } from './fetch-client.ts'
import { kyClient } from './ky-client.ts'

/** Every client on every transport that Node has. */
export const clients = [
  fetchClient,
  kyClient('ky', ky),
  axiosClient('axios, http adapter', axios, 'http'),
  axiosClient('axios, fetch adapter', axios, 'fetch'),
  axiosClient('axios, fetch adapter given as a function', axios, axios.getAdapter('fetch')),
]
