# The panel's image: web server, worker, beat and the one-off migration are the same image with another command.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PANEL_DATA_DIR=/panel/var STATIC_STORAGE=hashed

RUN useradd --system --uid 10001 --home-dir /panel --shell /usr/sbin/nologin panel
WORKDIR /panel

# Before the code, so that a change of code keeps this layer
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes -r requirements/base.txt

COPY . .
# The values only satisfy the settings: nothing that is collected depends on them
RUN SECRET_KEY=build DATABASE_URL=postgres://build/build REDIS_URL=redis://build/0 \
    python manage.py collectstatic --noinput && python -m compileall -q panel accounts billing catalog orders lib outbound

USER panel
EXPOSE 8000
CMD ["gunicorn", "-c", "python:panel.gunicorn", "--bind", "0.0.0.0:8000", "panel.wsgi"]
