"""The ledger's triggers: its rules hold whoever writes and by whatever path.

Every rule that is broken raises SQLSTATE 23000, which Django raises as IntegrityError.
"""

from lib.triggers import Function, Trigger

REFUSE = Function(
    signature="billing_refuse()",
    create="""
CREATE FUNCTION billing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'transfers are append-only: % is refused', TG_OP USING ERRCODE = '23000';
END $$
""",
)

TRANSFER_APPEND_ONLY = Trigger(
    name="transfer_append_only",
    table="billing_transfer",
    function=REFUSE,
    create="""
CREATE TRIGGER transfer_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse()
""",
)

GUARD_ACCOUNT = Function(
    signature="billing_guard_account()",
    create="""
CREATE FUNCTION billing_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.balance <> 0 OR NEW.seq <> 0 THEN
            RAISE EXCEPTION 'account %: a new account is empty', NEW.id USING ERRCODE = '23000';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.kind, NEW.code, NEW.owner_id) IS DISTINCT FROM (OLD.id, OLD.kind, OLD.code, OLD.owner_id) THEN
        RAISE EXCEPTION 'account %: it stays what and whose it is', OLD.id USING ERRCODE = '23000';
    END IF;
    IF (NEW.balance, NEW.seq) IS DISTINCT FROM (OLD.balance, OLD.seq) AND NEW.seq <> OLD.seq + 1 THEN
        RAISE EXCEPTION 'account %: seq goes from % to %, not %', OLD.id, OLD.seq, OLD.seq + 1, NEW.seq
            USING ERRCODE = '23000';
    END IF;
    RETURN NEW;
END $$
""",
)

ACCOUNT_MOVES_BY_STEPS = Trigger(
    name="account_moves_by_steps",
    table="billing_account",
    function=GUARD_ACCOUNT,
    create="""
CREATE TRIGGER account_moves_by_steps
    BEFORE INSERT OR UPDATE ON billing_account
    FOR EACH ROW EXECUTE FUNCTION billing_guard_account()
""",
)

# At commit: a wallet that moved has the transfer that moved it …
CHECK_ACCOUNT = Function(
    signature="billing_check_account()",
    create="""
CREATE FUNCTION billing_check_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM billing_transfer
        WHERE wallet_id = NEW.id AND wallet_seq = NEW.seq AND balance_after = NEW.balance;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'wallet %: no transfer % leaves the balance %', NEW.id, NEW.seq, NEW.balance
            USING ERRCODE = '23000';
    END IF;
    RETURN NULL;
END $$
""",
)

WALLET_MOVES_WITH_ITS_TRANSFER = Trigger(
    name="wallet_moves_with_its_transfer",
    table="billing_account",
    function=CHECK_ACCOUNT,
    create="""
CREATE CONSTRAINT TRIGGER wallet_moves_with_its_transfer
    AFTER UPDATE ON billing_account DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN ((NEW.balance, NEW.seq) IS DISTINCT FROM (OLD.balance, OLD.seq))
    EXECUTE FUNCTION billing_check_account()
""",
)

# … and a transfer has moved its wallet by its amount, one step on from the one before.
CHECK_TRANSFER = Function(
    signature="billing_check_transfer()",
    create="""
CREATE FUNCTION billing_check_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    signed numeric := CASE WHEN NEW.credit_id = NEW.wallet_id THEN NEW.amount ELSE -NEW.amount END;
    wallet billing_account%ROWTYPE;
    before numeric := 0;
BEGIN
    SELECT * INTO wallet FROM billing_account WHERE id = NEW.wallet_id;
    IF wallet.kind <> 'wallet' THEN
        RAISE EXCEPTION 'transfer %: account % is no wallet', NEW.id, NEW.wallet_id USING ERRCODE = '23000';
    END IF;
    PERFORM FROM billing_account
        WHERE id IN (NEW.debit_id, NEW.credit_id) AND id <> NEW.wallet_id AND kind = 'house';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'transfer %: the other side is not the house', NEW.id USING ERRCODE = '23000';
    END IF;
    IF wallet.seq < NEW.wallet_seq THEN
        RAISE EXCEPTION 'transfer %: wallet % did not move with it', NEW.id, wallet.id USING ERRCODE = '23000';
    END IF;
    IF NEW.wallet_seq <> 1 THEN
        SELECT balance_after INTO before FROM billing_transfer
            WHERE wallet_id = NEW.wallet_id AND wallet_seq = NEW.wallet_seq - 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'transfer %: wallet % has no transfer %', NEW.id, wallet.id, NEW.wallet_seq - 1
                USING ERRCODE = '23000';
        END IF;
    END IF;
    IF NEW.balance_after <> before + signed THEN
        RAISE EXCEPTION 'transfer %: % and % make not %', NEW.id, before, signed, NEW.balance_after
            USING ERRCODE = '23000';
    END IF;
    RETURN NULL;
END $$
""",
)

TRANSFER_MOVES_ITS_WALLET = Trigger(
    name="transfer_moves_its_wallet",
    table="billing_transfer",
    function=CHECK_TRANSFER,
    create="""
CREATE CONSTRAINT TRIGGER transfer_moves_its_wallet
    AFTER INSERT ON billing_transfer DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing_check_transfer()
""",
)
