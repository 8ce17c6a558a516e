import type { AxiosProgressEvent, InternalAxiosRequestConfig } from 'axios'

type OnProgress = (event: AxiosProgressEvent) => void

/**
 * Wraps the caller's progress callbacks. They see one request, even if it is replayed: no progress is reported
 * twice.
 */
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
