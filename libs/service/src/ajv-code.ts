/**
 * How Ajv writes its validators: without its optimizer, which counts the names in what it has written
 * in an object for each, with the names as keys. V8 remembers at most 1,536 first keys of all objects
 * of a process, and a few large schemas use them up; from then on each object literal with a computed
 * key gets a shape of its own, `process.nextTick`'s among them, several times in each request.
 */
export const AJV_CODE = { optimize: false } as const;
