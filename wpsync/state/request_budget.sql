-- name: open_book
-- The budget's row of an endpoint, made where there is none.
insert into wpsync.budget (account, endpoint, book) values (%(account)s, %(endpoint)s, '{}') on conflict do nothing

-- name: book
select book from wpsync.budget where account = %(account)s and endpoint = %(endpoint)s for update

-- name: keep_book
update wpsync.budget set book = %(book)s where account = %(account)s and endpoint = %(endpoint)s
