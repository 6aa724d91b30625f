-- A conversation that is erased takes with it whatever else names it. Older code neither reads nor writes these.

-- conversation
CREATE TRIGGER conversation_erased AFTER DELETE ON conversation BEGIN
    DELETE FROM offer WHERE conversation = OLD.id;
    DELETE FROM alarm WHERE conversation = OLD.id;
END;
