"""The functions as they are deployed: the real zips on ministack, S3 to Athena, and what they cost.

`emulator` starts and ends ministack, `stack` makes what a deployment has, `gateway` writes documents as API Gateway
does. `proxy` stands between the functions and AWS: it counts calls, and kills a function at one that `kills` chose.
`scenario` runs documents through, `check` judges what came of them. `measure` drives the functions itself (`runtime`).
"""
