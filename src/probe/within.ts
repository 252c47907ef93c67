/** What the promise comes to, undefined if that takes longer than `ms`. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => resolve(undefined), ms);
    promise.then(
      (value) => {
        clearTimeout(limit);
        resolve(value);
      },
      (error) => {
        clearTimeout(limit);
        reject(error);
      },
    );
  });
}
