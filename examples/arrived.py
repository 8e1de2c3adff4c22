"""Says which of its secrets arrived, and how long they are; never what they are."""

import os

for name in ("API_KEY", "DATABASE_URL", "SIGNING_KEY"):
    value = os.environb.get(name.encode())
    print(f"{name}: {'missing' if value is None else f'arrived, {len(value)} bytes'}")
print(f"DB_PASSWORD: {'leaked' if 'DB_PASSWORD' in os.environ else 'kept out, as the profile says'}")
