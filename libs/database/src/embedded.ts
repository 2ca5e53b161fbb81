export * from '@woodytoys/embedded-postgres';
