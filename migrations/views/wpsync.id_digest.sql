CREATE OR REPLACE FUNCTION wpsync.id_digest(id text) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT mod(('x' || left(md5(id), 16))::bit(64)::bigint::numeric + 18446744073709551616, 18446744073709551616)
$$;

COMMENT ON FUNCTION wpsync.id_digest(text) IS '编号的摘要：md5 的前 64 位，按无符号整数 / the digest of an id: the first 64 bits of its md5, unsigned';
