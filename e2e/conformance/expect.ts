import { deepEqual, equal } from 'node:assert/strict'
import type { Answer } from './wire.ts'

/** The answer has this status and exactly this JSON. */
export function answers(answer: Answer, status: number, json: unknown): void {
  deepEqual({ status: answer.status, json: answer.json }, { status, json })
}

export function answersStatus(answer: Answer, status: number): void {
  equal(answer.status, status, `status ${answer.status} instead of ${status}`)
}

export const invalidToken = {
  error: 'ERR_AUTHENTICATION_REQUIRED',
  message: 'Authentication required - Invalid token',
}

export const unauthorized = { msg: 'Unauthorized' }

export const tokenOutOfDate = {
  error: 'ERR_AUTHENTICATION_REQUIRED',
  message: 'Authentication required - Token Expired. Please login again.',
}

export const refreshRejected = { msg: 'Authentication required - Invalid refresh token' }
