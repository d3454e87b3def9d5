"""The rolls that people have started in the console, and the form that starts one."""
