import type { AxiosProgressEvent, InternalAxiosRequestConfig } from 'axios'

type OnProgress = (event: AxiosProgressEvent) => void

/** The caller's progress callbacks, told of one request however often it is sent: what was reached is not told again. */
export function onceOverReplays({
  onUploadProgress,
  onDownloadProgress,
}: InternalAxiosRequestConfig): Pick<
  InternalAxiosRequestConfig,
  'onUploadProgress' | 'onDownloadProgress'
> {
  return {
    ...(onUploadProgress && { onUploadProgress: rising(onUploadProgress) }),
    ...(onDownloadProgress && { onDownloadProgress: rising(onDownloadProgress) }),
  }
}

function rising(tell: OnProgress): OnProgress {
  let reached = -1
  return (event) => {
    if (event.loaded <= reached) return
    reached = event.loaded
    tell(event)
  }
}
