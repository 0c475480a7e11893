"""The score as pure functions: frozen inputs in, result out. No database and no framework in here."""
