/** What the design's services answer, made up from the id. */
export const userOf = (id: string) => ({
  user_id: id,
  username: `user_${id}`,
  email: `user_${id}@example.com`,
});

export const productOf = (id: string) => ({
  product_id: id,
  name: `Product_${id}`,
  price: 19.99,
});
